package etcd

import (
	"io"

	"go.etcd.io/etcd/client/pkg/v3/logutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ectl-io/ectl/internal/visible"
)

// logger returns the logger of the client library. It discards everything unless Debug
// is set.
func (o *Options) logger() *zap.Logger {
	if !o.Debug || o.DebugLog == nil {
		return zap.NewNop()
	}
	encoder := zapcore.NewJSONEncoder(logutil.DefaultZapLoggerConfig.EncoderConfig)
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(visibleJSON{o.DebugLog})), zap.DebugLevel), zap.AddCaller())
}

// visibleJSON writes JSON with all invisible characters escaped. The log contains text
// from servers, and zap escapes only the control characters of ASCII.
type visibleJSON struct{ to io.Writer }

func (w visibleJSON) Write(p []byte) (int, error) {
	if _, err := w.to.Write(visible.JSON(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
