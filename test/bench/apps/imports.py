"""An application that takes a moment to import, as real ones do; standard library only."""
import argparse
import csv
import decimal
import email.message
import html.parser
import http.client
import json
import logging.handlers
import sqlite3
import unittest
import urllib.request
import xml.etree.ElementTree

LOADED = (argparse, csv, decimal, email, html, http, json, logging, sqlite3, unittest, urllib, xml)
BODY = b"Hello from a WSGI application\n"


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
