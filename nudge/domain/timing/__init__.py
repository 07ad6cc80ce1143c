"""Send times: windows, chances and plans of SMS."""
