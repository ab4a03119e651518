"""Bytes of YAML into plain documents, strictly; a document's mappings, read key by key.

strict_yaml  one document of mappings, lists, text, numbers, booleans and null
folder       a folder of YAML files into documents, and documents into the canonical bytes that name a policy
entry        one mapping of a document, read key by key
"""
