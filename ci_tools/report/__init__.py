"""A judgement becomes pages, tables and files."""
