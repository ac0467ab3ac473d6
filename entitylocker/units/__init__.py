"""How organisations stand to one another: parents and units, branches given to a person, agencies."""
