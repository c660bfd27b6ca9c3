"""Lists taken out, at any time and whole: `records.py` reads people, `layouts.py` puts them into columns,
our own or another program's, `forms.py` writes CSV, JSONL or XLSX. All of it streams.
"""
