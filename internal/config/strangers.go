package config

import "postroom/internal/proof"

// Strangers is what those may cause who fill in a form, and of whom nobody knows who
// they are.
type Strangers struct {
	ToAddress  int // mails in a day (24 hours) to one address that nobody vouches for
	ToDomain   int // such mails in an hour to one domain, unless everybody has an address there
	Surge      int // how many of one form in ten minutes are no surge, however few are usual; 0 is that nothing is
	SurgeTimes int // and how many times what is usual
}

// UsualStrangers are the numbers that hold where the settings say nothing.
func UsualStrangers() Strangers {
	return Strangers{ToAddress: 3, ToDomain: 60, Surge: 60, SurgeTimes: 10}
}

func strangers(m proof.Map) Strangers {
	m, usual := m.Map("strangers").As("strangers"), UsualStrangers()
	return Strangers{
		ToAddress:  m.Int("mails_to_address", usual.ToAddress, 1, 100),
		ToDomain:   m.Int("mails_to_domain", usual.ToDomain, 1, 10_000),
		Surge:      m.Int("surge", usual.Surge, 0, 100_000),
		SurgeTimes: m.Int("surge_times", usual.SurgeTimes, 2, 1000),
	}
}
