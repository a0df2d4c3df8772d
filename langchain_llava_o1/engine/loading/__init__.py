"""From a checkpoint's folder or hub id to a model on its device."""
