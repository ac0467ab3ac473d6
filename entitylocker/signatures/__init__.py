"""Who signed a PDF, is it intact, is the signer trusted: a library without Flask, database or network."""
