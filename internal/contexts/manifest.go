package contexts

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/limited"
)

// pod is the part of a static pod that names the files of etcd.
type pod struct {
	Kind string `yaml:"kind"`
	Spec struct {
		Containers []struct {
			Command      []string `yaml:"command"`
			Args         []string `yaml:"args"`
			VolumeMounts []struct {
				Name      string `yaml:"name"`
				MountPath string `yaml:"mountPath"`
			} `yaml:"volumeMounts"`
		} `yaml:"containers"`
		Volumes []struct {
			Name     string `yaml:"name"`
			HostPath struct {
				Path string `yaml:"path"`
			} `yaml:"hostPath"`
		} `yaml:"volumes"`
	} `yaml:"spec"`
}

// FromManifest returns the options for the cluster of a static pod of Kubernetes, as
// kubeadm writes it: that of etcd, or that of kube-apiserver.
func FromManifest(name string) (map[string]string, error) {
	text, err := limited.ReadFile(name, maxFile)
	if err != nil {
		return nil, err
	}
	var p pod
	if err := yaml.Unmarshal(text, &p); err != nil || p.Kind != "Pod" {
		return nil, fmt.Errorf("%s is not the manifest of a pod", name)
	}
	for i, container := range p.Spec.Containers {
		flags := flagsOf(append(container.Command, container.Args...))
		onHost := func(file string) string { return p.onHost(i, file) }
		if options := etcdOptions(flags, onHost); options != nil {
			return options, nil
		}
		if options := apiserverOptions(flags, onHost); options != nil {
			return options, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, errNoEtcd)
}

var errNoEtcd = errors.New("no container of the pod has --advertise-client-urls, as etcd, or --etcd-servers, as kube-apiserver")

// flagsOf returns the values of options, given as --name=value or as two words.
func flagsOf(words []string) map[string]string {
	flags := map[string]string{}
	for i, word := range words {
		option, found := strings.CutPrefix(word, "--")
		if !found {
			continue
		}
		name, value, assigned := strings.Cut(option, "=")
		if !assigned && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			value = words[i+1]
		}
		flags[name] = value
	}
	return flags
}

// etcdOptions returns the options for the cluster of an etcd with these flags.
func etcdOptions(flags map[string]string, onHost func(string) string) map[string]string {
	if flags["advertise-client-urls"] == "" {
		return nil
	}
	options := map[string]string{fieldEndpoints: flags["advertise-client-urls"]}
	if ca := flags["trusted-ca-file"]; ca != "" {
		options[fieldCACert] = onHost(ca)
		cert, key := onHost(flags["cert-file"]), onHost(flags["key-file"])
		// kubeadm makes a certificate for clients beside that of the server.
		client := path.Join(path.Dir(onHost(ca)), "healthcheck-client")
		if _, err := os.Stat(client + ".crt"); err == nil {
			cert, key = client+".crt", client+".key"
		}
		if flags["client-cert-auth"] == "true" && cert != "" {
			options[fieldCert], options[fieldKey] = cert, key
		}
	}
	return options
}

// apiserverOptions returns the options for the cluster that a kube-apiserver with these
// flags uses.
func apiserverOptions(flags map[string]string, onHost func(string) string) map[string]string {
	if flags["etcd-servers"] == "" {
		return nil
	}
	options := map[string]string{fieldEndpoints: flags["etcd-servers"]}
	for flag, option := range map[string]string{"etcd-cafile": fieldCACert, "etcd-certfile": fieldCert, "etcd-keyfile": fieldKey} {
		if file := flags[flag]; file != "" {
			options[option] = onHost(file)
		}
	}
	return options
}

const fieldCACert = "cacert"

// onHost returns the name outside the container of a file that container n mounts.
func (p *pod) onHost(n int, file string) string {
	for _, mount := range p.Spec.Containers[n].VolumeMounts {
		below, inside := strings.CutPrefix(file, strings.TrimSuffix(mount.MountPath, "/")+"/")
		if !inside {
			continue
		}
		for _, volume := range p.Spec.Volumes {
			if volume.Name == mount.Name && volume.HostPath.Path != "" {
				return path.Join(volume.HostPath.Path, below)
			}
		}
	}
	return file
}
