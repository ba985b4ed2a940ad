package response

// checkNames checks that no name is in a list twice. Each name costs at least one
// request.
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
