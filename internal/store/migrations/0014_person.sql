-- What the figures of a year are counted from, without reading the submissions.
CREATE INDEX submissions_figures ON submissions (received_at, programme, kind, locale);
