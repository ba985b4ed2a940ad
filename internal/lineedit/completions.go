package lineedit

// Completions holds what the word before the cursor may become.
type Completions struct {
	Word       string // the typed beginning of the word, as it is in the text
	Candidates []Candidate

	// Pending reports that the candidates are still looked up. Editor.Refresh tells when
	// they are there.
	Pending bool
}

// Candidate is a completion of a word.
type Candidate struct {
	Text        string // replaces the word
	Display     string // in the menu
	Description string
	Open        bool // the word may go on, so no space follows it
}
