#!/bin/sh
# Builds the kernel's simulated GPIO chip, which Debian leaves out, from Debian's own sources:
#   build_gpio_sim.sh ROOT
# ROOT is a Debian with linux-headers, linux-source, gcc and make; the module is left in ROOT/gpio-sim.
set -eu
cat > "$1/make-gpio-sim" <<'END'
set -eu
mkdir -p /gpio-sim && cd /gpio-sim
tar xf /usr/src/linux-source-6.1.tar.xz --strip-components=1 linux-source-6.1/drivers/gpio linux-source-6.1/kernel/irq
cp drivers/gpio/gpio-sim.c gpio-sim-main.c
cp drivers/gpio/gpiolib.h kernel/irq/irq_sim.c .
# What it calls inside the kernel is not exported to modules; this call does the same and is.
sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq_safe(irqnum)/' irq_sim.c
printf 'obj-m := gpio-sim.o\ngpio-sim-y := gpio-sim-main.o irq_sim.o\n' > Makefile
make -C "$(ls -d /usr/src/linux-headers-*-amd64)" M=/gpio-sim modules
END
chroot "$1" sh /make-gpio-sim
