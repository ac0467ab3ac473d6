"""What pages and API share: who is asking, forms, errors, headers, the shell of a page."""
