"""The web server: a gunicorn worker in which no slow client holds a thread."""
