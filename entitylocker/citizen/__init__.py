"""Link to a person's citizen locker: proof of who they are, sign-in with it, documents lent for a time."""
