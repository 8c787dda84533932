# Spandrel in containers. Without Docker: npm start.
.DEFAULT_GOAL := help
.PHONY: help up down test load kind kind-down images

compose := docker compose --file docker/compose.yaml
apps := frontend backend generator digit lower special upper tracestore
version := $(shell sed -n 's/^appVersion: //p' helm/spandrel/Chart.yaml)

help: ## what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

up: docker/.env ## everything by Docker Compose, at the usual ports
	$(compose) up --detach --wait database
	$(compose) exec --no-TTY --user postgres database sh /etc/spandrel/set-passwords.sh
	$(compose) up --build --detach --wait
	@sh docker/show-access.sh

# Each time, since a variable may be new. What is there stays.
.PHONY: docker/.env
docker/.env:
	@sh docker/make-env.sh

down: docker/.env ## stop everything and delete its data
	$(compose) --profile load down --volumes --remove-orphans

test: ## write and read a hundred numbers
	./test.sh

load: docker/.env ## a minute of load: SCENARIO=numbers, passwords, spike or soak; RATE, DURATION
	$(compose) --profile load run --rm load

images: ## the image of every app
	@for app in $(apps); do \
	  docker build --file docker/Dockerfile --build-arg APP=$$app --build-arg VERSION=$(version) --tag spandrel/$$app:$(version) . || exit 1; \
	done

kind: images ## a kind cluster with everything in it
	kind create cluster --config k8s/kind.yaml --wait 120s
	kind load docker-image --name spandrel $(apps:%=spandrel/%:$(version))
	helm install spandrel helm/spandrel --kube-context kind-spandrel --wait --timeout 10m

kind-down: ## delete the cluster
	kind delete cluster --name spandrel
