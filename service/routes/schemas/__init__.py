"""Schemas of resources that are longer than one file.

leads         leads, and what is done with one
releases      policies, releases and what would change
"""
