/* SPDX-License-Identifier: MIT */
/* The subcommands of pvring usb, as those of pvring are (ctl/commands.h). */
#ifndef CTL_USB_H
#define CTL_USB_H

int usb_capture(int argc, char **argv);

#endif
