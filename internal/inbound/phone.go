package inbound

func Phone(text string) string { return "" }
