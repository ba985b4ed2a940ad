package response

// checkNames checks that no name is in a list twice: each costs a request, or more.
func checkNames(method string, names []string) error {
	seen := make(map[string]struct{}, len(names))
	for _, name := range names {
		if _, twice := seen[name]; twice {
			return faultf(method, "has the name %s twice", quoted([]byte(name)))
		}
		seen[name] = struct{}{}
	}
	return nil
}
