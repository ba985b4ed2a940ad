package access

import "slices"

// Action is something that only users with the role root may do, whatever other roles
// hold.
type Action string

// The actions.
const (
	Administer Action = "administer" // see and change users, roles and authentication
	Compact    Action = "compact"
	Defrag     Action = "defrag"
	Snapshot   Action = "snapshot"
	HashKV     Action = "hashkv"
	Members    Action = "member" // add, remove, update and promote members
	MoveLeader Action = "move-leader"
	Downgrade  Action = "downgrade"
)

// Actions returns all actions.
func Actions() []Action {
	return []Action{Administer, Compact, Defrag, Snapshot, HashKV, Members, MoveLeader, Downgrade}
}

// Describe describes the action for the end of a sentence.
func (a Action) Describe() string {
	switch a {
	case Administer:
		return "see and change users, roles and authentication"
	case Compact:
		return "compact the key history"
	case Defrag:
		return "defragment members"
	case Snapshot:
		return "save snapshots"
	case HashKV:
		return "compute hashes of the keys"
	case Members:
		return "add, remove, update and promote members"
	case MoveLeader:
		return "transfer leadership"
	case Downgrade:
		return "downgrade the cluster"
	}
	return string(a)
}

// ParseAction returns the action with the name text, and reports whether there is one.
func ParseAction(text string) (Action, bool) {
	if !slices.Contains(Actions(), Action(text)) {
		return "", false
	}
	return Action(text), true
}

// May reports whether an action is allowed. All actions need the role root.
func (e Effective) May(Action) bool { return e.Root }
