"""What gunicorn serves: `gunicorn -c config/gunicorn.conf.py wsgi:app`."""

from nudge.wiring.web import create_app

app = create_app()
