"""Bytes of YAML into plain documents, strictly, and one mapping of a document read key by key.

entry        one mapping of a document, read key by key
folder       a folder of YAML files into documents, and documents into the canonical bytes that name a policy
strict_yaml  one document of mappings, lists, text, numbers, booleans and null
"""
