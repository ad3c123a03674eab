// Package programme reads programme files: the forms, events, lists and
// promises of one piece of a community organisation's work, written as YAML by
// the people who run it.
//
// The idea a newcomer needs: a programme is data, and nothing here does
// anything. Load checks a file so thoroughly that nothing in it can fail
// later; Form.Check says whether answers will do; Plan says what a trigger
// promises, as plain effects with due times. Who stores, sends and schedules
// lives in other rooms.
//
// # A file
//
//	programme: enquiries              # its name; unique, like those of forms, lists and events
//	languages: [en, fa, fa-AF]        # every text must be there in these; fa-AF may lean on fa
//	reviewed: [en]                    # those a person has read
//	name: {en: Enquiries, fa: …}      # a plain text stands for all languages
//	privacy: {en: …, fa: …}           # the notice beside its forms
//	addresses: [help@charity.example]
//	coordinators: [office]            # names in postroom.yaml
//	discreet: false
//	reply_within: 2 working days
//	safeguarding: {lead: office, deputy: cag, phrases: {en: [hurt myself], uk: [самогуб*]}, silent: {en: [reads my mail]}}
//	attachments: [image, pdf, text, document]   # of letters, that staff may open; also audio, video, letter, or a media type
//	attachment_size: 10MB             # and no larger
//	lists:  [{list: news, name: …, topics_from: interests, areas: {north: The north}}]
//	events: [{event: fair, name: …, sessions: [{session: main, name: …, venue: …, capacity: 60,
//	          starts: 2027-03-13 10:00, ends: 2027-03-13 15:00}]}]
//	forms:
//	  - form: ask                     # its page is /f/ask
//	    kind: enquiry
//	    title: …                      # also intro and button, which may be left out
//	    reach: [email, phone]         # one of these fields must be filled in
//	    list: news                    # subscribes, after a click in the first mail
//	    event: fair                   # books
//	    keywords: {en: [join us]}     # a letter to one of addresses with these words is taken for this form
//	    any_letter: true              # and this form takes those with none; an enquiry's does unless it says false
//	    closed: true                  # takes no answers; or between closed_from: and closed_until: 2027-01-04 09:00
//	    closed_words: …               # what people read instead
//	    opens: 2027-01-04 09:00       # until then a page says when
//	    layout: pages                 # one thing a page; single (what is meant if nothing is said) has all on one
//	    sections: [{section: you, title: …, intro: …, fields: [name, email]}]   # a page each, or a group of a single page
//	    check: true                   # a single page shows the answers once more as well
//	    exit_page: true               # "Leave this page"; exit_to: https://www.bbc.co.uk/weather
//	    derive: [{derive: age_band, from: born, at: event, label: …, bands: {under 18: "<18", 18 or over: ""},
//	              labels: {under 18: …}}]   # conditions may ask age_band == "under 18"; born itself is never kept
//	    guardian: {when: 'age_band == "under 18"', name: guardian_name, email: guardian_email, phone: guardian_phone,
//	               text: what they agree to, chase: 3 working days}   # the fields are among fields:
//	    equality: {why: …, fields: [{field: gender, type: choice, …}]}   # asked afterwards, kept apart from the person
//	    fields:
//	      - {field: email, type: email}   # name, email, phone, organisation, places, session may do without labels
//	      - {field: topic, type: choice, required: true, label: …, error_label: …, options: {a: …, b: …},
//	         closed_options: [b]}         # not offered any more, and still read where it was answered before
//	      - {field: more, type: long_text, if: 'topic == "b"', label: …, error_label: …}
//	      - {field: needs, type: text, label: …, error_label: …, special_category: true, purpose: …, keep: …}
//	      # more types, with what they add; those that need no label have one in every language
//	      - {field: trusted_person, type: trusted_person}     # a name and a number; also a way to reach somebody
//	      - {field: safe_message, type: safe_message}         # may a message be left on the phone? shown beside calls to make
//	      - {field: home, type: address}                      # and {type: postcode} alone, kept as MK1 1AA
//	      - {field: day, type: date, after: today, label: …, error_label: …}   # or before: today
//	      - {field: hour, type: time, label: …, error_label: …}                # 9, 9am, 9.30, 21:30; kept as 21:30
//	      - {field: diet, type: choices, none: nothing, options: {vegan: …, nothing: …}, label: …, error_label: …}   # goes with no other
//	      - {field: ward, type: select, options: {a: …, b: …}, label: …, error_label: …}   # many; a list to search
//	      - {field: languages, type: languages, options: [uk, fa, fa-AF, ps]}  # all that we know, if left out; and one's own
//	      - {field: free, type: availability, days: [sat, sun]}                # all seven, if left out; sat-morning
//	      - {field: guests, type: attendees, max: 6, purpose: …, keep: …}      # who comes; counts a field of type places
//	      - {field: access_needs, type: access_needs, purpose: …, keep: …, basis: explicit_consent, consent: …}
//	      - {field: photo, type: file, accept: [image, pdf], size: 5MB, max: 3, label: …, error_label: …}
//	         # as attachments: and attachment_size: say, and one file, if left out; never more than 3, or 10 MB together
//	      - {field: group, type: organisation, prefill: true}                  # /f/ask?f.group=… fills it in; nothing about a person
//	workflow:
//	  - {step: hello, on: received, send: we-have-your-message}
//	  - {step: agenda, before: meeting, by: 3d, send: agenda}          # joined later: at once
//	  - {step: remind, before: event, by: 2d, late: skip, unless: cancelled, send: event-reminder}
//	  - {step: space, after: first_attended, by: 1h, or_after: {meeting: 48h}, send: workspace-invitation}
//	  - {step: thanks, on: booked, after: event, by: 1d, not_later_than: 2w, otherwise: ask, send: event-thanks}
//	  - {step: moved, on: moved, send: event-moved}                    # once for each move
//	  - {step: forum, on: accepted, form: ask, when: 'topic == "a"', add_to: "forum-{{topic}}", notify: coordinators}
//
// A step that counts from a date or a trigger and sends to a person falls due
// outside the organisation's quiet hours: at their end, or, before a date that
// would have come by then, when they begin. What is sent at once is sent at
// once, also at night.
//
// Three keys are about being late. late: is about a person: who joins when a
// step before a date should have happened already gets it at once (send) or not
// at all (skip). not_later_than: is about the post room: how long after its
// promised moment a step may still be done, when the post room was down or the
// step could not be done; a step before a date is never done after it.
// otherwise: is what becomes of a step that is too late: skip leaves it out, ask
// leaves it out and asks the coordinators, who may have it done all the same
// ("postroom steps do").
//
// moved: happens to everybody who has a place or waits when a session's starts,
// ends or venue is another than before. The next date of something that comes
// again is therefore another session, with another name: the old one's guests
// would be told that it has moved.
//
// A file may be changed by a program as well: Apply makes an Edit of its own lines,
// so that comments and order stay, and what comes out is judged by Load like any
// other.
//
// # Answers
//
// An answer is a list of texts under its field's name: one, or of choices,
// languages and availability one for each that was chosen. The answer to a type
// that has parts (FieldType.Parts) has one text a part, in that order, "" for
// what was left empty: trusted_person is name and number; address is line1,
// line2, town and postcode; access_needs is the text and "yes" for its box;
// attendees are name, needs, letters (booker, attendee, both), email and photos,
// over and over. A language that is not listed is "also:" and its name. That is
// how the JSON API takes answers and how they are on file. What is on file of a
// file is what File.Answer writes; only our own pages take one. A page that can only
// name its inputs calls them FIELD.PART, and of an attendee FIELD.2.PART:
// Form.Gather puts them together. A door that has one text for all, as letters
// do, may send that. Form.Check alone says whether it will do.
//
// Conditions compare answers: area == "olney", "tea" in interests, places > 2,
// "uk" in languages, "sat-morning" in free, safe_message, guests > 1.
// A field's may ask about the fields above it; a step's about every answer
// that is not special-category, and form, kind and locale.
package programme
