"""Tests of the organiser's desk."""
