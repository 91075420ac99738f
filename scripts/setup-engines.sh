#!/usr/bin/env bash
# Gets the training engines that are optional into .engines, for `npm run test:engines`: tfjs-node built against a
# TensorFlow wheel, and webgpu with a Vulkan driver in software (Mesa's lavapipe of Debian 12's backports). What cannot be
# had here is left out; the tests then skip and say so.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD/.engines
engines=$root/assay/engines
mkdir -p "$engines" "$root/debian/lists/partial"

if [ -e "$engines/node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node" ]; then echo 'tfjs-node is there'
else node deploy/install-tfjs-node.mjs --into "$engines" || echo 'tfjs-node: left out'; fi

if [ -e "$engines/node_modules/webgpu/package.json" ]; then echo 'webgpu is there'
else npm install --prefix "$engines" --ignore-scripts --no-audit --no-fund --no-save \
  webgpu@0.6.2 @tensorflow/tfjs-backend-webgpu@4.22.0 || echo 'webgpu: left out'; fi

if [ -e "$root/vulkan/usr" ]; then echo 'lavapipe is there'; exit 0; fi
cd "$root/debian" || exit 1
printf 'deb http://deb.debian.org/debian bookworm%s main\n' '' -backports > sources.list
options=(-o "Dir::Etc::sourcelist=$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::Lists=$PWD/lists")
apt-get "${options[@]}" -qq update &&
  apt-get "${options[@]}" -qq download mesa-vulkan-drivers/bookworm-backports libvulkan1 libllvm15 libdrm2 \
    libwayland-client0 libx11-xcb1 libxcb1 libxcb-dri3-0 libxcb-present0 libxcb-randr0 libxcb-shm0 libxcb-sync1 \
    libxcb-xfixes0 libxcb-keysyms1 libxshmfence1 libxau6 libxdmcp6 libbsd0 libmd0 libedit2 libz3-4 libxml2 libicu72 \
    libelf1 || { echo 'lavapipe: left out'; exit 0; }
for package in *.deb; do dpkg -x "$package" "$root/vulkan"; done
