package genotel

import "github.com/genotel/genotel/dialect"

// langsmithMetadataHidden reports whether LangSmith is to get no metadata.
func langsmithMetadataHidden() bool {
	hidden, _ := langsmithVariable("HIDE_METADATA")
	return truish(hidden)
}

// sendsToLangSmith describes what LangSmith gets.
func sendsToLangSmith(content dialect.Content) string {
	if langsmithMetadataHidden() {
		return sends(content) + ", without metadata"
	}
	return sends(content)
}

// shownToLangSmith is the form in which LangSmith gets it.
func shownToLangSmith(content dialect.Content) dialect.View {
	if langsmithMetadataHidden() {
		return dialect.WithoutMetadata(dialect.LangSmithView(content))
	}
	return dialect.LangSmithView(content)
}
