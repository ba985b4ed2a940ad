package etcd

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// TokenInfo describes a token, as far as its text shows.
type TokenInfo struct {
	JWT    bool      // a JSON web token; otherwise a simple token of etcd, without information
	User   string    // empty if the token does not contain it
	Expiry time.Time // zero if the token does not contain it
}

// ReadToken decodes a token. It does not verify the token; the server does.
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
