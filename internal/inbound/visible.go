package inbound

import "postroom/internal/letter"

func Visible(l letter.Letter) string { return l.Text }
