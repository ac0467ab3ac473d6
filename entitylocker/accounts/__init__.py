"""People: how they sign up and sign in, their sessions; and the operators of the installation."""
