"""The OpenAPI 3.1 document of the service.

document  read by flask-smorest from the endpoints, then completed with examples and links
links     words for the parameters of paths and headers, and where an answer that names one leads
"""
