"""Image decoders and encoders."""
