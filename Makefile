# Spandrel in containers. Without Docker: npm start.
.DEFAULT_GOAL := help
.PHONY: help up down test load kind kind-down images apps

compose := docker compose --file docker/compose.yaml
# Every app that runs under Node. console has no main.ts: tracestore serves it.
apps := $(patsubst apps/%/src/main.ts,%,$(wildcard apps/*/src/main.ts))
version := $(shell sed -n 's/^appVersion: //p' helm/spandrel/Chart.yaml)

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

up: docker/.env ## start everything with Docker Compose
	$(compose) up --detach --wait database
	$(compose) exec --no-TTY --user postgres database sh /etc/spandrel/set-passwords.sh
	$(compose) up --build --detach --wait
	@sh docker/show-access.sh

# Always runs, because a new version may need another variable. Existing values stay.
.PHONY: docker/.env
docker/.env:
	@sh docker/make-env.sh

down: docker/.env ## stop everything and delete its data
	$(compose) --profile load down --volumes --remove-orphans

test: ## write and read 100 numbers
	@FRONTEND_URL="$${FRONTEND_URL:-http://localhost:$$(sh docker/value.sh FRONTEND_PORT 3001)}" ./test.sh

load: docker/.env ## run k6 for a minute (SCENARIO=numbers, passwords, spike or soak; RATE; DURATION)
	$(compose) --profile load run --rm load

# BUILD_CA: the certificate authority of a proxy that inspects TLS, a file in PEM
images: ## build the image of every app
	@for app in $(apps); do \
	  docker build --secret id=ca,src="$${BUILD_CA:-/dev/null}" --file docker/Dockerfile --build-arg APP=$$app --build-arg VERSION=$(version) --tag spandrel/$$app:$(version) . || exit 1; \
	done

apps: ## print the names of the apps that have an image
	@echo $(apps)

# A cluster that exists gets the new images under the same tag, so its Pods have to be started again.
kind: images ## create a kind cluster, or take the one that is there, and install the chart in it
	kind get clusters | grep -qx spandrel || kind create cluster --config k8s/kind.yaml --wait 120s
	kind load docker-image --name spandrel $(apps:%=spandrel/%:$(version))
	@helm status spandrel --kube-context kind-spandrel >/dev/null 2>&1 && again=yes; \
	set -x; \
	helm upgrade --install spandrel helm/spandrel --kube-context kind-spandrel --wait --timeout 10m && \
	if [ -n "$$again" ]; then \
	  kubectl --context kind-spandrel rollout restart deployment --selector app.kubernetes.io/part-of=spandrel && \
	  kubectl --context kind-spandrel rollout status deployment --selector app.kubernetes.io/part-of=spandrel --timeout 10m; \
	fi

kind-down: ## delete the kind cluster
	kind delete cluster --name spandrel
