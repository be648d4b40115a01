/* Marks what the library exports. */
#ifndef DCRNN_EXPORT_H
#define DCRNN_EXPORT_H

#if defined(DCRNN_STATIC) || !defined(__GNUC__)
#define DCRNN_EXPORT
#else
#define DCRNN_EXPORT __attribute__((visibility("default")))
#endif

#endif
