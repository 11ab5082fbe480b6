SITE_NAME = "moge"
