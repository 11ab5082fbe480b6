SITE_NAME = "hoge"
