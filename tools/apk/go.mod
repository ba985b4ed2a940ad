module github.com/ectl-io/ectl/tools/apk

go 1.26.0
