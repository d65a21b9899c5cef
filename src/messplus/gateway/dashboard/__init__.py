"""The dashboard's endpoints: they hand what the log and the process know to the views of `messplus.dashboard`."""
