"""Encoders of QR codes and linear barcodes: text to modules."""
