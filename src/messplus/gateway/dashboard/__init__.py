"""The dashboard's endpoints: what the log and the process know, for the views of `messplus.dashboard`."""
