"""The overview: conversion against usual days, lift in money, one line a slot. Pure."""
