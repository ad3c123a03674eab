package inbound

import (
	"regexp"
	"strings"
)

// Agrees says whether all that somebody wrote is a clear "yes" to a mail that
// asks whether they want to be on a list. It is stricter than Said: a consent
// needs words of one's own that can mean nothing else. A quote alone, "OK",
// a thumb, or a "yes" with something beside it is for a person to read.
func Agrees(v Verdict) bool {
	said := plainWords(strings.Join(answerLines(v.Visible), " "))
	asks := strings.ContainsAny(v.Visible, "?؟")
	return !asks && len(said) <= longestLeaving && agreeing.MatchString(said)
}

var agreeing = regexp.MustCompile(`^(hi |hello |dear all )?(yes|yes please|(yes )?(i )?(do )?confirm(ed)?( my (e ?mail )?(address|subscription))?|yes i agree|i agree|yes i do|yes (this|that|it) (is|was) me|(yes )?i (want|would like)( to (get|receive))? (it|them|this|the|your)( news| messages| e ?mails?| news ?letters?)?)( please| thanks| thank you)*$` +
	`|^(вітаю |добрий день )?(так|(так )?(я )?підтверджую( мою адресу| підписку| свою адресу)?|так хочу|так це (я|був я|була я)|(так )?я хочу( отримувати)?( ваші)?( новини| повідомлення)?|(так )?(згодна|згоден))( будь ласка| дякую| прошу)*$` +
	`|^(سلام )?(بله|بلی|بلي|آره|(بله |بلی )?(من )?(تایید|تأیید) (می کنم|میکنم)|(بله |بلی )(خودم|من) (بودم|هستم)|(بله |بلی )(می خواهم|میخواهم)|(بله |بلی )موافقم)( لطفا| لطفاً| ممنون| تشکر| سپاس)*$` +
	`|^(سلام )?(هو|هوکې|(هو |هوکې )?(زه )?(یې )?(تاییدوم|تایید کوم|تاییدوم یې)|(هو |هوکې )(غواړم|غواړم یې|زه وم))( مهرباني| مهرباني وکړئ| مننه)*$`)
