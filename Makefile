# Spandrel in containers. Without Docker: npm start.
.DEFAULT_GOAL := help
.PHONY: help up down test load kind kind-down images

compose := docker compose --file docker/compose.yaml
apps := frontend backend generator digit lower special upper tracestore
# Made up once, so that whoever has it can go on.
console-token := .spandrel/console-token
version := $(shell sed -n 's/^appVersion: //p' helm/spandrel/Chart.yaml)

help: ## what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

up: $(console-token) ## everything by Docker Compose, at the usual ports
	@TRACESTORE_CONSOLE_TOKEN=$${TRACESTORE_CONSOLE_TOKEN:-$$(cat $(console-token))}; export TRACESTORE_CONSOLE_TOKEN; \
	  $(compose) up --build --detach --wait && echo "Console http://localhost:8080 (token $$TRACESTORE_CONSOLE_TOKEN)"
	@echo 'Frontend http://localhost:3001   Grafana http://localhost:3000 (admin, admin)   Jaeger http://localhost:16686   psql -h localhost -p 5999 -U postgres'

$(console-token):
	@mkdir -p $(@D)
	@umask 077; head -c 24 /dev/urandom | base64 | tr '+/' '-_' > $@

down: ## and no more of it, data included
	$(compose) --profile load down --volumes --remove-orphans

test: ## write and read a hundred numbers
	./test.sh

load: ## a minute of load: SCENARIO=numbers, passwords, spike or soak; RATE, DURATION
	$(compose) --profile load run --rm load

images: ## the image of every app
	@for app in $(apps); do \
	  docker build --file docker/Dockerfile --build-arg APP=$$app --build-arg VERSION=$(version) --tag spandrel/$$app:$(version) . || exit 1; \
	done

kind: images ## a kind cluster with everything in it
	kind create cluster --config k8s/kind.yaml --wait 120s
	kind load docker-image --name spandrel $(apps:%=spandrel/%:$(version))
	helm install spandrel helm/spandrel --kube-context kind-spandrel --wait --timeout 10m

kind-down: ## and no more of it
	kind delete cluster --name spandrel
