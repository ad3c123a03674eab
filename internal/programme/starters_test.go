package programme_test

import (
	"os"
	"testing"
	"time"

	"postroom/internal/programme"
)

func starters(t testing.TB) *programme.Set {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	set, err := programme.Load(os.DirFS("../../templates/programme"), programme.Options{Zone: zone})
	if err != nil {
		t.Fatalf("the starter files have mistakes:\n%v", err)
	}
	return set
}

func TestStartersHaveNoMistakes(t *testing.T) {
	t.Parallel()
	starters(t)
}

func TestALetterIsTakenForTheFormItsWordsStandFor(t *testing.T) {
	t.Parallel()
	set := starters(t)
	for _, c := range []struct{ mailbox, text, want string }{
		{"support@communityaction.example", "Please add my group to the network", "join"},
		{"Support@CommunityAction.example", "When are you open?", "ask"},
		{"volunteering@communityaction.example", "I would like to help as a translator", "volunteer"},
		{"volunteering@communityaction.example", "Where is your office?", "ask"},
		{"volunteering@communityaction.example", "می‌خواهم رضاکار باشم", "volunteer"},
		{"events@communityaction.example", "Забронюйте, будь ласка, два місця", "register"},
		{"events@communityaction.example", "Is there a car park?", "ask"},
		{"newsletter@communityaction.example", "please subscribe me", "newsletter"},
		{"newsletter@communityaction.example", "Hi, could you sign me up for your newsletter please? I like gardens.", "newsletter"},
		{"newsletter@communityaction.example", "Підпишіть мене на розсилку, будь ласка", "newsletter"},
		{"newsletter@communityaction.example", "لطفاً خبرنامه را برایم بفرستید", "newsletter"},
		{"newsletter@communityaction.example", "سلام، می‌خواهم خبرنامه شما را دریافت کنم. تشکر", "newsletter"},
		{"newsletter@communityaction.example", "Loved the last newsletter! May I write something for the next one?", "ask"},
		{"newsletter@communityaction.example", "Your newsletter has not come for two months. Am I still on the list?", "ask"},
		{"support@communityaction.example", "We are a new charity and would like to join the forum in Olney", "join"},
		{"support@communityaction.example", "I missed the CAG on Tuesday. Could you send me the minutes? I am with the Olney allotments.", "ask"},
		{"support@communityaction.example", "Could we put the buses on the agenda of the Wolverton CAG?", "ask"},
		{"support@communityaction.example", "Subject access request. Please send me a copy of my data, also of the newsletter.", "your-data"},
		{"support@communityaction.example", "Please delete my data from your network, I do not want to join any more", "your-data"},
		{"support@communityaction.example", "لطفاً معلومات مرا پاک کنید", "your-data"},
		{"support@communityaction.example", "This is a data protection complaint: you sent my address to others", "data-complaint"},
		{"support@communityaction.example", "Hello, I would like to make a referral for a mother of two", "refer"},
		{"support@communityaction.example", "We lost the data of our survey. Can you help?", "ask"},
		{"nobody@communityaction.example", "please subscribe me", ""},
	} {
		name := ""
		if f, ok := set.FormFor(c.mailbox, c.text); ok {
			name = f.Name
		}
		if name != c.want {
			t.Errorf("%s, %q: form %q, want %q", c.mailbox, c.text, name, c.want)
		}
	}
}
