package etcd

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// TokenInfo is what can be told of a token by looking at it.
type TokenInfo struct {
	JWT    bool      // a JSON web token; otherwise one of etcd's simple tokens, which say nothing
	User   string    // whom it is for
	Expiry time.Time // zero where it does not say
}

// ReadToken looks at a token. It is not verified: that is the server's
// business.
func ReadToken(token string) TokenInfo {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return TokenInfo{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return TokenInfo{}
	}
	var claims map[string]any
	if json.Unmarshal(payload, &claims) != nil {
		return TokenInfo{}
	}
	info := TokenInfo{JWT: true}
	info.User, _ = claims["username"].(string)
	if expiry, ok := claims["exp"].(float64); ok {
		info.Expiry = time.Unix(int64(expiry), 0)
	}
	return info
}
