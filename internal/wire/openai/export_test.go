package openai

// The tables of providers, for the test that holds the documentation against them.
var (
	Hosts  = hosts
	Routes = routes
)

// HostSuffixes are the ends of hosts with the names of their providers.
func HostSuffixes() map[string]string {
	all := map[string]string{}
	for _, known := range hostSuffixes {
		all[known.suffix] = known.provider
	}
	return all
}
