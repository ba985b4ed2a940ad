# The image of ectl: a static program, the certificates of public authorities and a user without
# rights. There is no shell. `make image` fills bin/image, the folder that this file is used
# with, and builds it:
#
#   docker build -f Dockerfile bin/image
FROM scratch
COPY . /
ENV PATH=/usr/bin HOME=/home/ectl
USER 65532:65532
WORKDIR /home/ectl
ENTRYPOINT ["/usr/bin/ectl"]
