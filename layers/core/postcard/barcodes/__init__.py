"""QR and linear barcode encoders: text in, modules out."""
