package programme_test

import "testing"

func TestEveryStarterHearsOrdinaryWordsOfDanger(t *testing.T) {
	t.Parallel()
	for _, p := range starters(t).Programmes() {
		for _, text := range []string{
			"There is no point any more.", "I just want it all to stop", "I can’t go on.", "I cannot go on like this", "I don't want to be here any more",
			"They would be better off without me", "I'm scared of him", "We are scared of my dad", "I am afraid of my husband", "She has bruises again", "He locks me in at night",
			"She takes my money", "He takes her money", "He keeps hurting my daughter", "they are hurting me", "I have nowhere safe to go",
			"My husband hit me last night", "He threatened me again", "I got this letter and I am very scared for my children", "I am scared to go home", "he strangled me",
			"Він б’є дітей", "Боюся йти додому", "він мені погрожує і побив мене",
			"شوهرم مرا کتک می زند", "از شوهرم میترسم", "منو میزنه",
			"Я більше так не можу", "Хочу, щоб усе скінчилося.", "боюся свого чоловіка", "Він забирає мої гроші",
			"از شوهرم مي‌ترسم", "دیگر نمی‌توانم ادامه بدهم", "جای امنی ندارم",
			"پیسه مرا می‌گیرد", "دیگر ادامه داده نمی‌توانم", "مرا قفل می‌کند",
			"له خپل خاوند ډارېږم", "زما پیسې اخلي", "نور دوام نشم ورکولای",
		} {
			if !p.Worrying(text) {
				t.Errorf("%s does not hear %q", p.Name, text)
			}
		}
		for _, text := range []string{"Is the hall open on Saturday?", "We would be better off with two coaches", "The news of her death hit us all", "My son beats everybody at chess", "I was afraid I had missed it", "Чи є ще місця?", "آیا شنبه باز است؟", "ایا شنبه خلاص دی؟"} {
			if p.Worrying(text) {
				t.Errorf("%s worries about %q", p.Name, text)
			}
		}
	}
}

func TestEveryStarterHearsWhoMustNotBeWrittenTo(t *testing.T) {
	t.Parallel()
	for _, p := range starters(t).Programmes() {
		for _, text := range []string{
			"He reads my mail", "she reads my mail", "He reads my emails.", "He checks my phone", "Do not write to me", "please do not reply", "don’t reply", "Do not email me", "please do not answer this",
			"Він читає мою пошту", "Не відповідайте, будь ласка", "گوشی‌ام را چک می‌کند", "لطفاً جواب ندهید", "ایمیل مرا می‌خواند", "به من نوشته نکنید", "زما ایمیلونه لولي", "ځواب مه راکوئ",
		} {
			if !p.Safeguarding.Silent.In(text) {
				t.Errorf("%s would write to who says %q", p.Name, text)
			}
		}
		if p.Safeguarding.Silent.In("Please reply by email, I am out all day") {
			t.Errorf("%s would be silent without a reason", p.Name)
		}
	}
}
