"""Export of taggers and text classifiers as ONNX models, for onnxruntime and others."""
