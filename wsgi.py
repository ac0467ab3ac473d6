"""The entry for any WSGI server: `gunicorn wsgi:app`. Settings come from the environment and the home directory."""

from entitylocker.app import application

app = application()
